"""What server and kernel say to each other on the kernel's control channel about code that is lent a cell.

Apart from ``lending``, which the kernel alone needs: a server loads no IPython.

====================  =======================================================================
``OFFER``             an ``execute_request`` by another name; its reply says ``accepted`` or not
``STOP``              ``{"request"}``: stop the code of that offer, whether it has begun or not;
                      its reply says whether it was ``known``
``execute_reply``     published when the code has ended
====================  =======================================================================
"""

OFFER = "agentkit_execute_request"
STOP = "agentkit_stop_request"
